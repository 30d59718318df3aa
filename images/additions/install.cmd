@echo off
rem Installs the Gantry guest additions on a Windows guest, from the CD: the drivers of virtual hardware that
rem fit this Windows, and the QEMU guest agent (heartbeat, clean shutdown, guest information, time). Run it as
rem administrator, again after a newer CD was inserted. Ends with 0, 1 for a failure, 3010 for "restart Windows".
rem
rem   D:\install.cmd [/drivers | /agent]
setlocal enableextensions
set "source=%~dp0"
set "result=0"
set "what=%~1"

if "%what%"=="" goto :known
if /i "%what%"=="/drivers" goto :known
if /i "%what%"=="/agent" goto :known
echo usage: install.cmd [/drivers or /agent]
exit /b 1

:known
reg query "HKU\S-1-5-19" > nul 2>&1
if errorlevel 1 (
  echo gantry additions: run this as administrator
  exit /b 1
)

set "machine=%PROCESSOR_ARCHITECTURE%"
set "system=%SystemRoot%\System32"
rem A 32-bit command line on a 64-bit Windows.
if defined PROCESSOR_ARCHITEW6432 set "machine=%PROCESSOR_ARCHITEW6432%" & set "system=%SystemRoot%\Sysnative"
set "folder="
set "agent="
if /i "%machine%"=="AMD64" set "folder=amd64" & set "agent=qemu-ga-x86_64.msi"
if /i "%machine%"=="x86" set "folder=x86" & set "agent=qemu-ga-i386.msi"
if /i "%machine%"=="ARM64" set "folder=ARM64"
if not defined folder (
  echo gantry additions: there is nothing for %machine%
  exit /b 1
)

if /i not "%what%"=="/agent" call :drivers
if /i not "%what%"=="/drivers" call :agent
if "%result%"=="0" echo gantry additions: installed
if "%result%"=="3010" echo gantry additions: installed, restart Windows
exit /b %result%

rem The versions whose drivers this Windows takes, the best first.
:versions
set "build=0"
set "kind=Client"
for /f "tokens=3" %%v in ('reg query "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion" /v CurrentBuildNumber 2^> nul ^| find "CurrentBuildNumber"') do set "build=%%v"
for /f "tokens=2,*" %%k in ('reg query "HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions" /v ProductType 2^> nul ^| find "ProductType"') do if /i not "%%l"=="WinNT" set "kind=Server"
set "versions="
if "%kind%"=="Server" (
  if %build% geq 6001 set "versions=2k8"
  if %build% geq 7600 set "versions=2k8R2 w7"
  if %build% geq 9200 set "versions=2k12 w8"
  if %build% geq 9600 set "versions=2k12R2 w8.1 2k12"
  if %build% geq 14393 set "versions=2k16 w10"
  if %build% geq 17763 set "versions=2k19 2k16 w10"
  if %build% geq 20348 set "versions=2k22 2k19 2k16 w10"
  if %build% geq 26100 set "versions=2k25 2k22 2k19 2k16 w11 w10"
) else (
  if %build% geq 6000 set "versions=2k8"
  if %build% geq 7600 set "versions=w7 2k8R2"
  if %build% geq 9200 set "versions=w8 2k12"
  if %build% geq 9600 set "versions=w8.1 2k12R2 w8"
  if %build% geq 10240 set "versions=w10"
  if %build% geq 22000 set "versions=w11 w10"
)
exit /b 0

:drivers
call :versions
if not defined versions (
  echo gantry additions: this Windows takes drivers from the driver floppy, or by its device manager from the folders xp and 2k3
  set "result=1"
  exit /b 0
)
for %%d in (viostor vioscsi NetKVM vioserial Balloon viorng viomem pvpanic viogpudo) do call :driver %%d
exit /b 0

rem The first of the versions that the CD has of this driver.
:driver
set "version="
for %%v in (%versions%) do if not defined version if exist "%source%%1\%%v\%folder%\*.inf" set "version=%%v"
if not defined version (
  echo gantry additions: there is no driver %1 for this Windows
  exit /b 0
)
rem pnputil ends with 0, 259 where the hardware is not there or has the driver, 3010 for a restart.
echo gantry additions: driver %1 of %version%
"%system%\pnputil.exe" -i -a "%source%%1\%version%\%folder%\*.inf"
set "ended=%errorlevel%"
if "%ended%"=="3010" if "%result%"=="0" set "result=3010"
if "%ended%"=="0" exit /b 0
if "%ended%"=="259" exit /b 0
if "%ended%"=="3010" exit /b 0
echo gantry additions: driver %1 was not installed, pnputil ended with %ended%
set "result=1"
exit /b 0

:agent
if not defined agent goto :noagent
if not exist "%source%guest-agent\%agent%" goto :noagent
echo gantry additions: guest agent
"%system%\msiexec.exe" /i "%source%guest-agent\%agent%" /qn /norestart
set "ended=%errorlevel%"
if "%ended%"=="3010" if "%result%"=="0" set "result=3010"
if "%ended%"=="0" exit /b 0
if "%ended%"=="3010" exit /b 0
echo gantry additions: the guest agent was not installed, msiexec ended with %ended%
set "result=1"
exit /b 0

:noagent
echo gantry additions: this CD has no guest agent for %machine%
set "result=1"
exit /b 0
